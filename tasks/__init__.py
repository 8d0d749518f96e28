"""Tasks, the degradations A: one file each; the folder listing is the registry."""
