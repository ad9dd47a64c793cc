"""A text as a file that leaves the desk: Markdown, HTML, Word, PDF. Pure: a manuscript in, bytes out.

Nothing is fetched and no file is read for a text, whatever it links to.
"""

EXPORTED = "document.exported"  # in the audit log; it moves nothing, so it is no act of the workflow
SAYS = {EXPORTED: "exported the text"}
