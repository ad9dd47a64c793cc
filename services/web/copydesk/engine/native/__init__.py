"""Our own GPT-2 kernel, in C: fast, and the same to the last bit alone, in company and on every processor (ADR 6)."""
