// Block-max MaxScore (Turtle and Flood 1995, with bounds by block as Ding and Suel 2011 have them):
// clauses whose bounds together do not reach the k-th score are looked up only for documents of
// the others, and blocks whose bounds do not reach it are not read. Bounds hold for the sums as
// they are rounded, so the hits are those of scoring every document.
#include "text/segment_search.h"

#include <algorithm>
#include <limits>

#include "runtime/cancellation.h"
#include "runtime/errors.h"
#include "text/formulas.h"
#include "text/matcher.h"

namespace vdb {
namespace {

constexpr uint32_t kEnd = PostingCursor::kEnd;
constexpr uint32_t kMostSlots = 0x7FFFFFFE;

template <ScoringFamily F>
class Search {
 public:
  Search(SegmentQuery& query, TopHits* hits)
      : query_(query),
        segment_(*query.segment),
        family_(segment_, *query.scorer, *query.clauses, *query.order),
        hits_(*hits) {
    const size_t clauses = query.clauses->size();
    scores_.resize(clauses);
    present_.reset(new bool[clauses + 1]());
    for (size_t i = 0; i < clauses; ++i) {
      if (query.cursors[i] == nullptr) continue;
      Matcher matcher;
      matcher.number = static_cast<uint32_t>(i);
      matcher.cursor = query.cursors[i].get();
      matcher.clause = (*query.clauses)[i];
      for (const uint32_t number : *query.order) matcher.count += number == i;
      matchers_.push_back(matcher);
      rising_ = rising_ && (matcher.clause.constant || query.scorer->rises(matcher.clause.weight));
    }
  }

  void run() {
    if (query_.order->empty()) return;
    const bool all = query_.all == TextOperator::kAnd;
    if (all && matchers_.size() < query_.clauses->size()) return;
    if (!all && Scores::kAbsent) return score_everything();
    if (matchers_.empty()) return;
    uint64_t postings = 0;
    for (const Matcher& matcher : matchers_) postings += matcher.cursor->df();
    prune_ = query_.prune && rising_ && !Scores::kAbsent;
    if (query_.mask != nullptr && query_.passing < postings / 4) return score_passing(all);
    if (all) return intersect();
    if (matchers_.size() == 1) return search_one();
    if (!prune_) return unite();
    search_several();
  }

 private:
  using Scores = FamilyScores<F>;

  double bound_of(const Matcher& matcher, const CompetitivePair* pair,
                  const CompetitivePair* end) const {
    return family_.bound(matcher.clause, pair, end) * matcher.count;
  }
  void bound_block(Matcher* matcher) const {
    if (matcher->bounded == matcher->cursor->block_number()) return;
    const CompetitivePair *begin, *end;
    matcher->cursor->block_pairs(&begin, &end);
    matcher->bound = bound_of(*matcher, begin, end);
    matcher->bounded = matcher->cursor->block_number();
  }
  void bound_super(Matcher* matcher) const {
    if (matcher->super_bounded == matcher->cursor->super_last()) return;
    const CompetitivePair *begin, *end;
    matcher->cursor->super_pairs(&begin, &end);
    matcher->super_bound = bound_of(*matcher, begin, end);
    matcher->super_bounded = matcher->cursor->super_last();
  }
  // Whether a sum of several clauses that is bounded so could stay.
  bool reaches(double bound) const { return bound * family_.slack() >= hits_.threshold(); }

  bool passes(uint32_t ordinal, uint32_t* slot) const {
    if (query_.deleted.has(ordinal)) return false;
    *slot = segment_.slot(ordinal);
    if (query_.mask != nullptr && !query_.mask->has(*slot)) return false;
    if (*slot >= kMostSlots) throw Corrupted("a text segment: a slot that cannot be");
    return true;
  }
  void offer(double score, uint32_t ordinal) {
    if (!(score >= hits_.threshold())) return;
    uint32_t slot;
    if (passes(ordinal, &slot)) hits_.offer(score, slot);
  }

  double sum() const { return family_.sum(scores_.data(), present_.get()); }
  double put(const Matcher& matcher, double norm) {
    present_[matcher.number] = true;
    return scores_[matcher.number] = family_.score(matcher.clause, matcher.cursor->tf(), norm);
  }
  void clear() { std::fill_n(present_.get(), scores_.size(), false); }

  // Of a document that all of the given cursors were sought for.
  void offer_document(uint32_t ordinal, bool all) {
    clear();
    size_t matched = 0;
    const double length_norm = family_.norm(ordinal);
    for (Matcher& matcher : matchers_)
      if (matcher.cursor->ordinal() == ordinal) {
        put(matcher, length_norm);
        ++matched;
      }
    if (matched == 0 || (all && matched < matchers_.size())) return;
    offer(sum(), ordinal);
  }

  // Of the slots that pass, where they are few.
  void score_passing(bool all) {
    uint32_t previous = kEnd;
    const uint32_t documents = segment_.documents();
    if (documents == 0) return;
    const uint32_t first = segment_.slot(0), last = segment_.slot(documents - 1);
    for (uint64_t byte = first / 8; byte < query_.mask->size && byte <= last / 8; ++byte) {
      if (query_.mask->bits[byte] == 0) continue;
      for (uint32_t bit = 0; bit < 8; ++bit) {
        if ((query_.mask->bits[byte] >> bit & 1) == 0) continue;
        const auto ordinal = segment_.ordinal_of(static_cast<uint32_t>(byte * 8 + bit));
        if (!ordinal || (previous != kEnd && *ordinal <= previous)) continue;
        check_cancelled_every<256>(*ordinal);
        previous = *ordinal;
        for (Matcher& matcher : matchers_) matcher.cursor->seek(*ordinal);
        offer_document(*ordinal, all);
      }
    }
  }

  // Every document, with the scores of those that lack all clauses.
  void score_everything() {
    clear();
    const double nothing = sum();
    for (uint32_t ordinal = 0; ordinal < segment_.documents(); ++ordinal) {
      check_cancelled_every<1024>(ordinal);
      bool any = false;
      for (Matcher& matcher : matchers_) {
        matcher.cursor->seek(ordinal);
        any = any || matcher.cursor->ordinal() == ordinal;
      }
      if (any)
        offer_document(ordinal, false);
      else
        offer(nothing, ordinal);
    }
  }

  // Every document that matches a clause.
  void unite() {
    for (uint64_t step = 0;; ++step) {
      check_cancelled_every<1024>(step);
      uint32_t ordinal = kEnd;
      for (const Matcher& matcher : matchers_)
        ordinal = std::min(ordinal, matcher.cursor->ordinal());
      if (ordinal == kEnd) return;
      offer_document(ordinal, false);
      for (Matcher& matcher : matchers_)
        if (matcher.cursor->ordinal() == ordinal) matcher.cursor->next();
    }
  }

  void intersect() {
    std::sort(matchers_.begin(), matchers_.end(),
              [](const Matcher& a, const Matcher& b) { return a.cursor->df() < b.cursor->df(); });
    PostingCursor& lead = *matchers_.front().cursor;
    uint32_t checked = 0;  // blocks could stay up to there
    bool any_checked = false;
    for (uint64_t step = 0; lead.ordinal() != kEnd; ++step) {
      check_cancelled_every<1024>(step);
      const uint32_t ordinal = lead.ordinal();
      if (prune_ && hits_.full() && (!any_checked || ordinal > checked)) {
        double bound = 0;
        uint32_t up_to = kEnd - 1;
        for (Matcher& matcher : matchers_) {
          if (!matcher.cursor->shallow_seek(ordinal)) return;
          bound_block(&matcher);
          bound += matcher.bound;
          up_to = std::min(up_to, matcher.cursor->block_last());
        }
        if (!reaches(bound)) {
          lead.seek(up_to + 1);
          continue;
        }
        checked = up_to;
        any_checked = true;
      }
      uint32_t next = ordinal;
      for (size_t i = 1; i < matchers_.size() && next == ordinal; ++i) {
        matchers_[i].cursor->seek(ordinal);
        next = matchers_[i].cursor->ordinal();
      }
      if (next == kEnd) return;
      if (next != ordinal) {
        lead.seek(next);
        continue;
      }
      offer_document(ordinal, true);
      lead.next();
    }
  }

  void search_one() {
    Matcher& matcher = matchers_.front();
    PostingCursor& cursor = *matcher.cursor;
    const bool exact = matcher.count == 1;  // the bound is of scores as they are
    for (uint32_t from = 0; cursor.shallow_seek(from);) {
      if (prune_ && hits_.full()) {
        const uint32_t slot = segment_.slot(std::max(from, cursor.ordinal()));
        bound_super(&matcher);
        if (!could_stay(matcher.super_bound, slot, exact)) {
          check_cancelled();
          from = cursor.super_last() + 1;
          continue;
        }
        bound_block(&matcher);
        if (!could_stay(matcher.bound, slot, exact)) {
          from = cursor.block_last() + 1;
          continue;
        }
      }
      cursor.seek(from);
      check_cancelled();
      const uint32_t *ordinals = cursor.ordinals(), *tfs = cursor.tfs(), n = cursor.count();
      if (exact) {
        for (uint32_t i = 0; i < n; ++i) {
          const double value = family_.score(matcher.clause, tfs[i], family_.norm(ordinals[i]));
          if (value >= hits_.threshold()) offer(value, ordinals[i]);
        }
      } else {
        clear();
        present_[matcher.number] = true;
        for (uint32_t i = 0; i < n; ++i) {
          scores_[matcher.number] =
              family_.score(matcher.clause, tfs[i], family_.norm(ordinals[i]));
          offer(sum(), ordinals[i]);
        }
      }
      from = cursor.block_last() + 1;
    }
  }
  bool could_stay(double bound, uint32_t slot, bool exact) const {
    return exact ? hits_.could_stay(bound, slot) : reaches(bound);
  }

  void search_several() {
    for (Matcher& matcher : matchers_) {
      const CompetitivePair *begin, *end;
      matcher.cursor->all_pairs(&begin, &end);
      matcher.all_bound = bound_of(matcher, begin, end);
    }
    std::sort(matchers_.begin(), matchers_.end(),
              [](const Matcher& a, const Matcher& b) { return a.all_bound < b.all_bound; });
    const size_t n = matchers_.size();
    looked_up_.resize(n);
    below_.resize(n + 1);
    walked_.resize(n);
    size_t lesser = 0;  // clauses that no document needs to match
    double lesser_bound = 0;
    for (uint32_t from = 0;;) {
      check_cancelled();
      while (lesser < n && !reaches(lesser_bound + matchers_[lesser].all_bound))
        lesser_bound += matchers_[lesser++].all_bound;
      // A window: up to the first end of a block among the others.
      uint32_t up_to = kEnd;
      double bound = lesser_bound;
      size_t walked = 0;
      for (size_t i = lesser; i < n; ++i) {
        if (!matchers_[i].cursor->shallow_seek(from)) continue;
        bound_block(&matchers_[i]);
        bound += matchers_[i].bound;
        up_to = std::min(up_to, matchers_[i].cursor->block_last());
        walked_[walked++] = &matchers_[i];
      }
      if (walked == 0) return;
      if (!reaches(bound)) {
        from = skip_superblocks(walked, lesser_bound, up_to) + 1;
        continue;
      }
      std::sort(walked_.begin(), walked_.begin() + static_cast<ptrdiff_t>(walked),
                [](const Matcher* a, const Matcher* b) { return a->bound < b->bound; });
      // Of these, too, some are only looked up in this window.
      size_t looked_up = 0;
      below_[0] = 0;
      for (; looked_up < lesser; ++looked_up) {
        looked_up_[looked_up] = &matchers_[looked_up];
        below_[looked_up + 1] = below_[looked_up] + matchers_[looked_up].all_bound;
      }
      size_t first = 0;
      for (; first + 1 < walked && !reaches(below_[looked_up] + walked_[first]->bound); ++first) {
        below_[looked_up + 1] = below_[looked_up] + walked_[first]->bound;
        looked_up_[looked_up++] = walked_[first];
      }
      walk_window(first, walked, looked_up, from, up_to);
      from = up_to + 1;
    }
  }
  // How far no document can stay: the end of the window or of a superblock.
  uint32_t skip_superblocks(size_t walked, double bound, uint32_t up_to) {
    uint32_t end = kEnd;
    for (size_t i = 0; i < walked; ++i) {
      bound_super(walked_[i]);
      bound += walked_[i]->super_bound;
      end = std::min(end, walked_[i]->cursor->super_last());
    }
    return reaches(bound) ? up_to : end;
  }

  void walk_window(size_t first, size_t walked, size_t looked_up, uint32_t from, uint32_t up_to) {
    for (size_t i = first; i < walked; ++i) walked_[i]->cursor->seek(from);
    if (first + 1 == walked) {
      Matcher& matcher = *walked_[first];
      PostingCursor& cursor = *matcher.cursor;
      // Its block ends at `up_to` or behind.
      if (cursor.ordinal() > up_to) return;
      const uint32_t *ordinals = cursor.ordinals(), *tfs = cursor.tfs(), n = cursor.count();
      uint32_t i = 0;
      for (; i < n && ordinals[i] <= up_to; ++i) {
        const double length_norm = family_.norm(ordinals[i]);
        const double value = family_.score(matcher.clause, tfs[i], length_norm);
        const double total = matcher.count == 1 ? value : value * matcher.count;
        if (!reaches(total + below_[looked_up])) continue;
        clear();
        present_[matcher.number] = true;
        scores_[matcher.number] = value;
        look_up(ordinals[i], total, length_norm, looked_up);
      }
      return;
    }
    for (;;) {
      uint32_t ordinal = kEnd;
      for (size_t i = first; i < walked; ++i)
        ordinal = std::min(ordinal, walked_[i]->cursor->ordinal());
      if (ordinal > up_to) return;
      clear();
      const double length_norm = family_.norm(ordinal);
      double total = 0;
      for (size_t i = first; i < walked; ++i) {
        Matcher& matcher = *walked_[i];
        if (matcher.cursor->ordinal() != ordinal) continue;
        total += put(matcher, length_norm) * matcher.count;
        matcher.cursor->next();
      }
      if (reaches(total + below_[looked_up])) look_up(ordinal, total, length_norm, looked_up);
    }
  }

  // A document with `total` from the clauses that were walked, and what the others add to it.
  void look_up(uint32_t ordinal, double total, double length_norm, size_t looked_up) {
    uint32_t slot;
    if (!passes(ordinal, &slot)) return;
    while (looked_up > 0) {
      Matcher& matcher = *looked_up_[--looked_up];
      if (!reaches(total + below_[looked_up + 1])) return;
      PostingCursor& cursor = *matcher.cursor;
      if (!cursor.shallow_seek(ordinal)) continue;
      bound_block(&matcher);
      if (!reaches(total + below_[looked_up] + matcher.bound)) return;
      cursor.seek(ordinal);
      if (cursor.ordinal() == ordinal) total += put(matcher, length_norm) * matcher.count;
    }
    hits_.offer(sum(), slot);
  }

  SegmentQuery& query_;
  const TextSegment& segment_;
  const Scores family_;
  TopHits& hits_;
  std::vector<Matcher> matchers_;
  std::vector<double> scores_;  // of each clause, for one document
  std::unique_ptr<bool[]> present_;
  bool rising_ = true, prune_ = true;
  // Of a window: clauses that are walked, those that are looked up, and sums of their bounds.
  std::vector<Matcher*> walked_, looked_up_;
  std::vector<double> below_;
};

}  // namespace

void search_segment(SegmentQuery& query, TopHits* hits) {
  with_family(query.scorer->parameters().family, [&](auto family) {
    Search<decltype(family)::value>(query, hits).run();
    return 0;
  });
}

}  // namespace vdb
