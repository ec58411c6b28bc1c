"""Invented traffic of an exit relay, for `generate`: conversations, what disturbs them, and their frames."""
