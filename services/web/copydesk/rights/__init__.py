"""What web and worker may do in the database, and the roles by which PostgreSQL holds them to it."""
