"""四级组织: subdistrict, community, grid, micro-grid and building, and the organizations in them."""
