"""Data sets as published: one adaptor each, all giving the same manifest."""
