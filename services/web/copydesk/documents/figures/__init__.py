"""How much work lies between the machine's draft and the text: of one document, and of the whole desk."""
