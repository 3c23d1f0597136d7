from linlingtong.core.board import Board

board = Board("likes")
