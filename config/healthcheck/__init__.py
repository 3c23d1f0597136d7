"""`python -m config.healthcheck.web`, `.worker`, `.beat`: each ends with 0 when that part does its work.

Containers are asked every few seconds, so that none of them loads Django, or anything that it does not need.
"""
