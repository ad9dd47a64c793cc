"""Cells of a table that a spreadsheet opens."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would carry out


def harmless(cell: object) -> object:
    """Text that a spreadsheet would take for a formula is marked as text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
