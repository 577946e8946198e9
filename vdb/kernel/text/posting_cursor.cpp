#include "text/posting_cursor.h"

#include <algorithm>
#include <cstring>

#include "runtime/errors.h"
#include "text/bit_packing.h"
#include "text/scorer.h"

namespace vdb {
namespace {

constexpr size_t kRoomAhead = 8;  // bytes that `unpack` may read behind its numbers

[[noreturn]] void contradiction(const char* what) {
  throw Corrupted(std::string("a text segment: postings: ") + what);
}

// Ordinals of a block of n postings from their gaps. The last of them.
uint64_t add_gaps(uint32_t before, size_t n, uint32_t* ordinals) {
  uint64_t last = before == UINT32_MAX ? 0 : uint64_t{before} + 1;  // plus one
  for (size_t i = 0; i < n; ++i) {
    last += ordinals[i];
    ordinals[i] = static_cast<uint32_t>(last++);
  }
  return last - 1;
}

}  // namespace

PostingCursor::PostingCursor(const TextSegment& segment, const TermEntry& entry)
    : segment_(&segment), entry_(entry), df_(entry.df) {
  if (df_ == 1)
    list_ = {{entry.ordinal, static_cast<uint32_t>(entry.occurrences)}};
  else if (df_ <= kPostingsInBlock)
    read_single_block();
  open();
}

PostingCursor::PostingCursor(const TextSegment& segment, std::vector<Posting> postings)
    : segment_(&segment), df_(static_cast<uint32_t>(postings.size())), list_(std::move(postings)) {
  open();
}

void PostingCursor::read_single_block() {
  std::string scratch;
  const auto size = static_cast<size_t>(entry_.size);
  if (size < 2 || size > 2 + size_t{8} * kPostingsInBlock) contradiction("a block of a wrong size");
  const uint8_t* bytes = segment_->bytes().bytes(entry_.at, size, &scratch);
  const uint32_t width = bytes[0], tf_width = bytes[1];
  const size_t gaps = packed_size(df_, width);
  if (width > 32 || tf_width > 32 || size != 2 + gaps + packed_size(df_, tf_width))
    contradiction("a block of a wrong size");
  uint8_t padded[2 + 8 * kPostingsInBlock + kRoomAhead];
  std::memcpy(padded, bytes, size);
  std::memset(padded + size, 0, kRoomAhead);
  if (df_ == kPostingsInBlock) {
    unpack_block(padded + 2, width, ordinals_);
    unpack_block(padded + 2 + gaps, tf_width, tfs_);
  } else {
    unpack(padded + 2, df_, width, ordinals_);
    unpack(padded + 2 + gaps, df_, tf_width, tfs_);
  }
  if (add_gaps(UINT32_MAX, df_, ordinals_) >= segment_->documents())
    contradiction("a document that is not there");
  list_.resize(df_);
  for (uint32_t i = 0; i < df_; ++i) list_[i] = {ordinals_[i], tfs_[i] + 1};
}

void PostingCursor::open() {
  if (df_ == 0) return end();
  if (!list_.empty()) {
    super_last_ = list_.back().ordinal;
    open_block(0);
    return decode();
  }
  // The pairs of all postings, then the heads of superblocks.
  const auto most = static_cast<size_t>(std::min<uint64_t>(entry_.size, 2048));
  VarintReader reader(segment_->bytes().bytes(entry_.at, most, &heads_scratch_), most);
  read_pairs(&reader, &all_pairs_);
  const uint64_t size = reader.u64(), begin = most - reader.left();
  if (size > entry_.size - begin) contradiction("superblocks that are not there");
  const auto count = static_cast<size_t>(size);
  heads_ = VarintReader(segment_->bytes().bytes(entry_.at + begin, count, &heads_scratch_), count);
  next_super_at_ = entry_.at + begin + size;
  supers_end_ = entry_.at + entry_.size;
  postings_left_ = df_;
  if (!open_super()) contradiction("no superblock");
  decode();
}

bool PostingCursor::open_super() {
  if (postings_left_ == 0) {
    if (!heads_.at_end()) contradiction("a superblock too many");
    return false;
  }
  const uint32_t before = super_last_;
  const uint64_t last = uint64_t{before == kEnd ? 0 : before + 1} + heads_.u32();
  const uint64_t size = heads_.u64();
  super_pairs_.clear();
  read_pairs(&heads_, &super_pairs_);
  if (last >= segment_->documents() || size > supers_end_ - next_super_at_)
    contradiction("a superblock that is not there");
  super_last_ = static_cast<uint32_t>(last);
  const uint64_t end = next_super_at_ + size;
  const auto most = static_cast<size_t>(std::min<uint64_t>(size, 10));
  VarintReader head(segment_->bytes().bytes(next_super_at_, most, &entries_scratch_), most);
  const uint64_t entries_size = head.u64(), begin = most - head.left();
  if (entries_size > size - begin) contradiction("blocks that are not there");
  const auto count = static_cast<size_t>(entries_size);
  VarintReader entries(segment_->bytes().bytes(next_super_at_ + begin, count, &entries_scratch_),
                       count);
  uint64_t at = next_super_at_ + begin + entries_size;
  const uint32_t postings = std::min(postings_left_, kPostingsInBlock * kSuperBlock);
  blocks_.clear();
  pairs_.clear();
  uint32_t block_before = before;
  for (uint32_t i = 0; i * kPostingsInBlock < postings; ++i) {
    Block block;
    const uint64_t block_last =
        uint64_t{block_before == kEnd ? 0 : block_before + 1} + entries.u32();
    block.size = entries.u32();
    if (block_last > last || block.size > end - at) contradiction("a block that is not there");
    block.last = block_before = static_cast<uint32_t>(block_last);
    block.at = at;
    at += block.size;
    read_pairs(&entries, &pairs_);
    block.pairs_end = static_cast<uint32_t>(pairs_.size());
    blocks_.push_back(block);
  }
  if (block_before != super_last_ || at != end || !entries.at_end())
    contradiction("a superblock of a wrong size");
  postings_left_ -= postings;
  next_super_at_ = end;
  block_before_ = before;
  block_ = 0;
  block_last_ = blocks_.front().last;
  decoded_ = false;
  return true;
}

void PostingCursor::open_block(uint32_t index) {
  block_ = index;
  decoded_ = false;
  if (list_.empty()) {
    block_before_ = index > 0 ? blocks_[index - 1].last : block_before_;
    block_last_ = blocks_[index].last;
  } else {
    const size_t end = std::min<size_t>(list_.size(), size_t{kPostingsInBlock} * (index + 1));
    block_last_ = list_[end - 1].ordinal;
    has_list_pairs_ = false;
  }
}

void PostingCursor::end() {
  ordinal_ = block_last_ = super_last_ = kEnd;
  place_ = count_ = 0;
  decoded_ = true;
}

bool PostingCursor::shallow_far(uint32_t ordinal) {
  if (block_last_ == kEnd) return false;
  if (!list_.empty()) {
    if (ordinal > list_.back().ordinal) {
      end();
      return false;
    }
    uint32_t block = block_;
    do {
      open_block(++block);
      ++block_number_;
    } while (block_last_ < ordinal);
    return true;
  }
  while (super_last_ < ordinal) {
    block_number_ += static_cast<uint32_t>(blocks_.size()) - block_;
    if (!open_super()) {
      end();
      return false;
    }
  }
  uint32_t block = block_;
  while (blocks_[block].last < ordinal) ++block;
  if (block != block_) {
    block_number_ += block - block_;
    open_block(block);
  }
  return true;
}

void PostingCursor::seek_far(uint32_t ordinal) {
  if (!shallow_seek(ordinal)) return;
  if (!decoded_) decode();
  // The block holds an ordinal that is not below.
  uint32_t low = place_, size = count_ - place_;
  while (size > 1) {
    const uint32_t half = size / 2;
    low = ordinals_[low + half - 1] < ordinal ? low + half : low;
    size -= half;
  }
  place_ = low;
  ordinal_ = ordinals_[low];
}

void PostingCursor::next_block() {
  if (ordinal_ == kEnd || block_last_ == kEnd) return end();
  if (shallow_far(block_last_ + 1)) decode();
}

void PostingCursor::decode() {
  place_ = 0;
  if (!list_.empty()) {
    const size_t begin = size_t{kPostingsInBlock} * block_;
    count_ = static_cast<uint32_t>(std::min<size_t>(kPostingsInBlock, list_.size() - begin));
    for (uint32_t i = 0; i < count_; ++i) {
      ordinals_[i] = list_[begin + i].ordinal;
      tfs_[i] = list_[begin + i].tf;
    }
    has_tfs_ = true;
  } else {
    const Block& block = blocks_[block_];
    const uint32_t n = df_ - block_number_ * kPostingsInBlock;
    count_ = std::min(n, kPostingsInBlock);
    if (block.size < 2) contradiction("a block of a wrong size");
    const uint8_t* bytes = segment_->bytes().bytes(block.at, block.size, &block_scratch_);
    const uint32_t width = bytes[0];
    tf_width_ = bytes[1];
    const size_t gaps = packed_size(count_, width);
    if (width > 32 || tf_width_ > 32 || block.size != 2 + gaps + packed_size(count_, tf_width_))
      contradiction("a block of a wrong size");
    packed_tfs_ = bytes + 2 + gaps;
    if (count_ == kPostingsInBlock) {
      unpack_block(bytes + 2, width, ordinals_);
    } else {
      uint8_t padded[4 * kPostingsInBlock + kRoomAhead];
      std::memcpy(padded, bytes + 2, gaps);
      std::memset(padded + gaps, 0, kRoomAhead);
      unpack(padded, count_, width, ordinals_);
    }
    if (add_gaps(block_before_, count_, ordinals_) != block.last)
      contradiction("a block that ends elsewhere");
    has_tfs_ = false;
  }
  ordinal_ = ordinals_[0];
  decoded_ = true;
}

void PostingCursor::read_tfs() {
  if (count_ == kPostingsInBlock) {
    unpack_block(packed_tfs_, tf_width_, tfs_);
  } else {
    const size_t size = packed_size(count_, tf_width_);
    uint8_t padded[4 * kPostingsInBlock + kRoomAhead];
    std::memcpy(padded, packed_tfs_, size);
    std::memset(padded + size, 0, kRoomAhead);
    unpack(padded, count_, tf_width_, tfs_);
  }
  for (uint32_t i = 0; i < count_; ++i) ++tfs_[i];
  has_tfs_ = true;
}

void PostingCursor::block_pairs(const CompetitivePair** begin, const CompetitivePair** end) {
  if (list_.empty()) {
    const uint32_t first = block_ > 0 ? blocks_[block_ - 1].pairs_end : 0;
    *begin = pairs_.data() + first;
    *end = pairs_.data() + blocks_[block_].pairs_end;
    return;
  }
  if (!has_list_pairs_) {
    const std::vector<uint8_t>& lengths = segment_->length_bytes();
    const size_t first = size_t{kPostingsInBlock} * block_;
    const size_t last = std::min<size_t>(list_.size(), first + kPostingsInBlock);
    pairs_.clear();
    for (size_t i = first; i < last; ++i)
      pairs_.push_back({list_[i].tf, lengths[list_[i].ordinal]});
    keep_competitive(&pairs_);
    has_list_pairs_ = true;
  }
  *begin = pairs_.data();
  *end = pairs_.data() + pairs_.size();
}

void PostingCursor::super_pairs(const CompetitivePair** begin, const CompetitivePair** end) {
  if (!list_.empty()) return all_pairs(begin, end);
  *begin = super_pairs_.data();
  *end = super_pairs_.data() + super_pairs_.size();
}

void PostingCursor::all_pairs(const CompetitivePair** begin, const CompetitivePair** end) {
  if (all_pairs_.empty()) {
    const std::vector<uint8_t>& lengths = segment_->length_bytes();
    for (const Posting& posting : list_)
      all_pairs_.push_back({posting.tf, lengths[posting.ordinal]});
    keep_competitive(&all_pairs_);
  }
  *begin = all_pairs_.data();
  *end = all_pairs_.data() + all_pairs_.size();
}

std::vector<Posting> postings_of(const TextSegment& segment, const TermEntry& entry) {
  std::vector<Posting> postings;
  postings.reserve(entry.df);
  for (PostingCursor cursor(segment, entry); cursor.ordinal() != PostingCursor::kEnd;
       cursor.next_block())
    for (uint32_t i = 0; i < cursor.count(); ++i)
      postings.push_back({cursor.ordinals()[i], cursor.tfs()[i]});
  return postings;
}

}  // namespace vdb
