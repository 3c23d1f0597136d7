from celery import shared_task

from linlingtong.activities.actions.importing import carry_on_all


@shared_task(name="linlingtong.activities.tasks.carry_on_imports")
def carry_on_imports() -> None:
    """Long sheets of names go on where they stand; the rows say where, so a lost or doubled call does no harm."""
    carry_on_all(seconds=25)
