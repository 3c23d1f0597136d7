"""工具箱: the shelf of tools, the directory and the guides."""
