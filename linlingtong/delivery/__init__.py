"""投递: carries a text to a phone or an e-mail address and tells what became of it; knows no user."""
