"""邻里互助: requests, offers and micro-wishes, from neighbour to neighbour."""
