from django.urls import path

from linlingtong.mutual_aid.views import browsing, doing, mine, writing

app_name = "mutual_aid"
urlpatterns = [
    path("help/", browsing.post_list, name="list"),
    path("help/new/", writing.new, name="new"),
    path("help/<int:pk>/", browsing.detail, name="detail"),
    path("help/<int:pk>/edit/", writing.edit, name="edit"),
    path("help/<int:pk>/claim/", doing.claim, name="claim"),
    path("help/<int:pk>/contact/", doing.contact, name="contact"),
    *(path(f"help/<int:pk>/{name}/", doing.plain, {"name": name}, name=name) for name in doing.PLAIN),
    *(path(f"help/<int:pk>/{name}/", doing.say, {"name": name}, name=name) for name in doing.SAYING),
    *(
        path(f"help/<int:pk>/claims/<int:claim_id>/{name}/", doing.choose, {"name": name}, name=name)
        for name in ("accept", "decline")
    ),
    path("me/help/", mine.mine, name="mine"),
    path("me/help/seen/", mine.who_looked, name="who_looked"),
]
