"""The process that sets one PDF: JSON comes in, the file goes out. It imports nothing of the desk.

It is apart from the web process because the compiler keeps what it once set in memory, and because a text
that takes too long can then be stopped. Run: python pdf_process.py TEMPLATE [FOLDER OF FONTS] <DATA >PDF
"""

import resource
import sys
from typing import Final

import typst

MEMORY = 2**30
MISSING = "could not be displayed"  # what the compiler says of a letter that no font has
STRICT: Final = "ua-1"  # PDF/UA: tagged, titled, with a language


def main(template: str, fonts: list[str]) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    inputs = {"data": sys.stdin.buffer.read().decode()}
    known = typst.Fonts(include_system_fonts=True, font_paths=fonts)
    with open(template, "rb") as file:  # noqa: PTH123  no more imports than needed
        source = file.read()
    try:
        made = typst.compile(source, sys_inputs=inputs, font_paths=known, format="pdf", pdf_standards=STRICT)
    except typst.TypstError as error:
        # A letter without a font, or headings that skip a level: tagged all the same, without the promise.
        told = {"missing": "yes"} if MISSING in str(error) else {}
        made = typst.compile(source, sys_inputs=inputs | told, font_paths=known, format="pdf")
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
