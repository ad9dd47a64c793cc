"""The house's spellings and style, and the small rules without a model that apply them."""
