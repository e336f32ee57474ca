"""Text that both databases can hold."""


def escaped(text: str) -> str:
    """The text with NUL and lone surrogates, which PostgreSQL cannot hold, written as escapes."""
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()
