// Walks over the postings of a term by rising ordinal, a block at a time, without reading the
// blocks between.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "text/competitive_pairs.h"
#include "text/segment.h"
#include "text/segment_writer.h"

namespace vdb {

// One thread. Throws Corrupted where bytes contradict each other; an ordinal is always one of the
// segment's.
class PostingCursor {
 public:
  static constexpr uint32_t kEnd = UINT32_MAX;

  // Stands at the first posting. The segment must outlive it.
  PostingCursor(const TextSegment& segment, const TermEntry& entry);
  // The same over postings in memory.
  PostingCursor(const TextSegment& segment, std::vector<Posting> postings);
  PostingCursor(const PostingCursor&) = delete;
  PostingCursor& operator=(const PostingCursor&) = delete;

  uint32_t df() const { return df_; }
  // Of the posting it stands at; kEnd behind the last. REQUIRES no shallow_seek without a seek.
  uint32_t ordinal() const { return ordinal_; }
  uint32_t tf() {
    if (!has_tfs_) read_tfs();
    return tfs_[place_];
  }
  void next() {
    if (place_ + 1 < count_)
      ordinal_ = ordinals_[++place_];
    else
      next_block();
  }
  // To the first posting that is not below, where the one it stands at is.
  void seek(uint32_t ordinal) {
    if (!decoded_ || ordinal > ordinal_) seek_far(ordinal);
  }

  // To the block that holds the first posting not below `ordinal`, without reading it; blocks
  // before the present one are not looked at again. False, and at the end, where there is none.
  bool shallow_seek(uint32_t ordinal) {
    return block_last_ != kEnd && ordinal <= block_last_ ? true : shallow_far(ordinal);
  }
  uint32_t block_last() const { return block_last_; }  // last ordinal of the block; kEnd at the end
  uint32_t super_last() const { return super_last_; }  // and of the superblock that it lies in
  // How many blocks came before.
  uint32_t block_number() const { return block_number_; }
  // What bounds the postings of the block, of the superblock, and all.
  void block_pairs(const CompetitivePair** begin, const CompetitivePair** end);
  void super_pairs(const CompetitivePair** begin, const CompetitivePair** end);
  void all_pairs(const CompetitivePair** begin, const CompetitivePair** end);

  // For loops of their own: the postings of the block from the present one on.
  const uint32_t* ordinals() const { return ordinals_ + place_; }
  const uint32_t* tfs() {
    if (!has_tfs_) read_tfs();
    return tfs_ + place_;
  }
  uint32_t count() const { return count_ - place_; }
  // Behind the postings of the block.
  void next_block();

 private:
  struct Block {
    uint32_t last;
    uint32_t pairs_end;
    uint32_t size;
    uint64_t at;
  };

  void open();
  void read_single_block();
  bool open_super();
  void open_block(uint32_t index);
  void end();
  bool shallow_far(uint32_t ordinal);
  void seek_far(uint32_t ordinal);
  void decode();
  void read_tfs();

  const TextSegment* segment_;
  TermEntry entry_;
  uint32_t df_;
  std::vector<Posting> list_;  // in memory, else empty
  std::vector<CompetitivePair> all_pairs_, super_pairs_, pairs_;
  std::string heads_scratch_, entries_scratch_, block_scratch_;
  VarintReader heads_{nullptr, 0};  // of superblocks that are still to come
  std::vector<Block> blocks_;       // of the superblock
  uint64_t next_super_at_ = 0, supers_end_ = 0;
  uint32_t postings_left_ = 0;  // behind the superblock
  uint32_t block_ = 0, block_number_ = 0;
  uint32_t super_last_ = kEnd, block_last_ = kEnd, block_before_ = kEnd;
  bool decoded_ = false, has_tfs_ = false, has_list_pairs_ = false;
  uint32_t ordinal_ = 0, place_ = 0, count_ = 0;
  const uint8_t* packed_tfs_ = nullptr;
  uint32_t tf_width_ = 0;
  uint32_t ordinals_[kPostingsInBlock], tfs_[kPostingsInBlock];
};

// All postings of a term.
std::vector<Posting> postings_of(const TextSegment& segment, const TermEntry& entry);

}  // namespace vdb
