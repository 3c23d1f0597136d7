"""点赞临江: praise of neighbours, teams and places."""
