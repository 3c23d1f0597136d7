from linlingtong.core.board import Board

board = Board("mutual_aid")
