"""Drawing only: the one package that imports matplotlib."""
