"""Finding documents among many: filters, full-text search, orders, pages, and views that a person keeps."""
