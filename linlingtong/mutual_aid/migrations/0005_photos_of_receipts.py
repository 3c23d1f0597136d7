from django.db import migrations

RECEIPTS = "UPDATE photos_photo SET subject = 'help_receipt' WHERE subject = 'help_post' AND NOT is_public"
NOT_SHOWN = """
UPDATE photos_photo f SET is_public = false FROM mutual_aid_helppost p
WHERE f.subject = 'help_post' AND f.subject_id = p.id AND f.is_public
    AND p.state NOT IN ('open', 'offered', 'claimed', 'in_progress', 'awaiting_confirm', 'completed')
"""


class Migration(migrations.Migration):
    dependencies = [("mutual_aid", "0004_no_index_twice"), ("photos", "0001_initial")]

    operations = [migrations.RunSQL([RECEIPTS, NOT_SHOWN], migrations.RunSQL.noop)]
