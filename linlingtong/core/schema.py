from drf_spectacular.openapi import AutoSchema


class Schema(AutoSchema):
    """OpenAPI that also declares how each call can fail."""
