from linlingtong.accounts.actions.leaving import erase, own_profile
from linlingtong.core.board import Board

board = Board("accounts", export=own_profile, forget=erase)
