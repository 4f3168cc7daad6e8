"""The log folded again, and compared with what the running system holds."""
