"""One number each, with scikit-learn's signatures, and the scorers over them."""
