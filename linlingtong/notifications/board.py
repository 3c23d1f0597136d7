from linlingtong.core.board import Board
from linlingtong.notifications.actions.leaving import erase, own_messages

board = Board("notifications", export=own_messages, forget=erase)
