from django.urls import URLPattern, path

from linlingtong.mutual_aid.api import posts, verbs

ONE = "help-posts/<id:post_id>/"
routes: list[URLPattern] = [
    path("help-posts/", posts.HelpPosts.as_view(), name="help_posts"),
    path(ONE, posts.HelpPostDetail.as_view(), name="help_post"),
    path(f"{ONE}claim/", verbs.HelpClaim.as_view(), name="help_claim"),
    path(f"{ONE}claims/<id:claim_id>/accept/", verbs.Accept.as_view(), name="help_accept"),
    path(f"{ONE}claims/<id:claim_id>/decline/", verbs.Decline.as_view(), name="help_decline"),
    path(f"{ONE}withdraw/", verbs.Withdraw.as_view(), name="help_withdraw"),
    path(f"{ONE}renew/", verbs.Renew.as_view(), name="help_renew"),
    path(f"{ONE}pause/", verbs.Pause.as_view(), name="help_pause"),
    path(f"{ONE}resume/", verbs.Resume.as_view(), name="help_resume"),
    path(f"{ONE}done/", verbs.Done.as_view(), name="help_done"),
    path(f"{ONE}confirm/", verbs.Confirm.as_view(), name="help_confirm"),
    path(f"{ONE}dispute/", verbs.Dispute.as_view(), name="help_dispute"),
    path(f"{ONE}thanks/", verbs.Thanks.as_view(), name="help_thanks"),
    path(f"{ONE}contact/", verbs.HelpContact.as_view(), name="help_contact"),
    path("me/help-posts/", posts.MyHelpPosts.as_view(), name="my_help_posts"),
    path("me/claims/", posts.MyClaims.as_view(), name="my_claims"),
    path("me/contact-reveals/", posts.WhoSawMyPhone.as_view(), name="contact_reveals"),
]
