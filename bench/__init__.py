"""Measures the product beside a floor: the same server doing the least that the job needs."""
