from celery import shared_task


@shared_task(name="linlingtong.home.tasks.every_minute")
def every_minute() -> None:
    """The heartbeat: whatever is due is planned and sent."""
