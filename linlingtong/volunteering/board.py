from linlingtong.core.board import Board

board = Board("volunteering")
