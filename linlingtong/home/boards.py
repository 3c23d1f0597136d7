"""Every room that the roof asks, in the order in which they are shown; the account is forgotten last."""

from linlingtong.accounts.actions import nickname_gates
from linlingtong.accounts.board import board as accounts
from linlingtong.activities.board import board as activities
from linlingtong.core.board import Board
from linlingtong.core.subject import know
from linlingtong.likes.board import board as likes
from linlingtong.moderation.actions import nickname_may_show
from linlingtong.moderation.board import board as moderation
from linlingtong.mutual_aid.board import board as mutual_aid
from linlingtong.notifications.board import board as notifications
from linlingtong.photos.board import board as photos
from linlingtong.tickets.board import board as tickets
from linlingtong.toolbox.board import board as toolbox
from linlingtong.venues.board import board as venues
from linlingtong.volunteering.board import board as volunteering

BOARDS: tuple[Board, ...] = (
    activities,
    mutual_aid,
    likes,
    toolbox,
    venues,
    tickets,
    volunteering,
    photos,
    moderation,
    notifications,
    accounts,
)

# Moderation and photos lie below the boards: they are told here what there is.
know(subject for board in BOARDS for subject in board.subjects)
nickname_gates[:] = [nickname_may_show]
