"""照片: pictures that residents send, made safe and small before anybody sees them."""
