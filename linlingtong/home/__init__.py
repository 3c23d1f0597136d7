"""首页: lays the boards' cards side by side: home screen, mine, search, figures."""
