"""Text only: plain, Markdown, HTML and JSON views of a diagnosis."""
