from django.urls import path

from linlingtong.likes.views import wall

app_name = "likes"
urlpatterns = [
    path("praise/", wall.wall, name="wall"),
    path("praise/new/", wall.new, name="new"),
    path("praise/honours/", wall.honours, name="honours"),
    path("praise/<int:pk>/", wall.detail, name="detail"),
    path("praise/<int:pk>/card.png", wall.share_card, name="card"),
    path("praise/<int:pk>/edit/", wall.edit, name="edit"),
    path("praise/<int:pk>/withdraw/", wall.withdraw, name="withdraw"),
    path("praise/<int:pk>/like/", wall.like, name="like"),
    path("praise/<int:pk>/unlike/", wall.unlike, name="unlike"),
    path("praise/<int:pk>/comments/", wall.comment, name="comment"),
    path("praise/<int:pk>/consent/", wall.consent, name="consent"),
    path("praise/comments/<int:pk>/delete/", wall.delete_comment, name="delete_comment"),
]
