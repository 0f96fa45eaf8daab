"""Why loss and accuracy disagree, and how to repair it."""
