"""The edge: files and other libraries, with lazy third-party imports."""
