"""Damage of blocks: of vectors, links and the list of free slots."""

from __future__ import annotations

import struct

from support.damages.broken import DOCS, LINK_ROW, ROW, ROWS, TEXTS, links_block, vectors_block
from vdb.store.format import blocks, keys


def a_flipped_bit_in_a_vector(d):
    d.flip(vectors_block(), 48 + 100)


def a_changed_vector(d):
    d.change_block(vectors_block(), 48 + ROW * 50, struct.pack("<f", 99.0))


def a_changed_norm(d):
    d.change_block(vectors_block(), 48 + ROWS * ROW + 4 * 50, struct.pack("<f", 1.0))


def a_norm_that_says_free(d):
    d.change_block(vectors_block(), 48 + ROWS * ROW + 4 * 50, struct.pack("<f", -1.0))


def a_vector_that_is_not_finite(d):
    d.change_block(vectors_block(), 48 + ROW * 50, struct.pack("<f", float("nan")))


def a_missing_block_of_vectors(d):
    d.delete(vectors_block())


def a_short_block(d):
    d.put(vectors_block(), d.get(vectors_block())[:-4])


def a_block_of_another_place(d):
    d.change_block(links_block(), 16, struct.pack("<I", 7))


def a_flipped_bit_in_a_link(d):
    d.flip(links_block(), 60)


def a_missing_block_of_links(d):
    d.delete(links_block(1))


def a_link_out_of_bounds(d):
    d.change_block(links_block(), 48 + LINK_ROW * 25 + 4, struct.pack("<I", 100_000))


def links_of_a_slot_cut_off(d):
    d.change_block(links_block(), 48 + LINK_ROW * 25 + 4, b"\xff" * (LINK_ROW - 4))


def a_link_to_a_free_slot(d):
    d.change_block(links_block(), 48 + LINK_ROW * 25 + 4, struct.pack("<I", 3))


def an_entry_that_is_free(d):
    record = d.generation(DOCS)
    record.entry = 5
    d.put_generation(DOCS, record)


def a_stray_block_of_vectors(d):
    d.put(vectors_block(9), d.get(vectors_block()))


def a_stray_block_of_links(d):
    d.put(keys.block(TEXTS, 1, blocks.LINKS, 0, 0), d.get(links_block()))


def blocks_of_an_unknown_generation(d):
    d.put(keys.block(DOCS, 9, blocks.LINKS, 0, 0), d.get(links_block()))


def a_free_list_that_ends_early(d):
    header = d.header(DOCS)
    d.change_block(vectors_block(), 48 + ROW * header.free_head, b"\xff\xff\xff\xff")


EACH = [
    (a_flipped_bit_in_a_vector, "'docs', ", "checksum"),
    (a_changed_vector, "'docs', .*50", "norm"),
    (a_changed_norm, "'docs', .*50", "norm"),
    (a_norm_that_says_free, "'docs', ", "free|in use"),
    (a_vector_that_is_not_finite, "'docs', .*50", "finite|norm"),
    (a_missing_block_of_vectors, "'docs', ", "missing"),
    (a_short_block, "'docs', ", "length: expected 65520, got 65516"),
    (a_block_of_another_place, "'docs', ", "number"),
    (a_flipped_bit_in_a_link, "'docs', ", "checksum"),
    (a_missing_block_of_links, "'docs', ", "missing"),
    (a_link_out_of_bounds, "'docs', .*25", "100000"),
    (links_of_a_slot_cut_off, "'docs', ", "."),
    (a_link_to_a_free_slot, "'docs', ", "."),
    (an_entry_that_is_free, "'docs', entry point", "slot 5 is no node"),
    (a_stray_block_of_vectors, "block .*number 9", "none lies in this block"),
    (a_stray_block_of_links, "block collection 2", "no such table"),
    (blocks_of_an_unknown_generation, "block .*generation 9", "no generation 9"),
    (a_free_list_that_ends_early, "'docs', free list", "lists 1 slots"),
]

# One wrong link breaks several promises at once (both directions, the tree, reachability), and
# what a lost block meant is missed in several places.
SEVERAL = {
    a_missing_block_of_links,
    a_missing_block_of_vectors,
    a_block_of_another_place,
    a_flipped_bit_in_a_link,
    a_flipped_bit_in_a_vector,
    a_link_out_of_bounds,
    links_of_a_slot_cut_off,
    a_link_to_a_free_slot,
    a_norm_that_says_free,
    a_free_list_that_ends_early,
    an_entry_that_is_free,
}
