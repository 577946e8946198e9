// Other ways to search by inner product, counting every distance they compute: hnswlib's graphs
// with one of two rules. `direct` builds and searches with -x.y, which is hnswlib's own `ip`.
// `growing` is what Vespa does for dotproduct (searchlib/tensor/mips_distance_transform.h): a
// vector gets one more coordinate, sqrt(largest squared norm so far - its own squared norm), which
// is computed anew at every comparison while inserting, with the largest squared norm of that
// moment (1 at first), and left out when a query is compared. Compiled and loaded by counting.py.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "hnswlib/hnswlib.h"

namespace {

thread_local uint64_t computed = 0;

struct Rule {
  size_t dim;
  bool growing;
  bool inserting = true;
  std::atomic<float> largest{1.0f};
};

float dot(const float* a, const float* b, size_t dim) {
  float sum = 0;
  for (size_t i = 0; i < dim; ++i) sum += a[i] * b[i];
  return sum;
}

// Rows are dim floats and the squared norm.
float distance(const void* left, const void* right, const void* given) {
  ++computed;
  const Rule& rule = *static_cast<const Rule*>(given);
  const auto* x = static_cast<const float*>(left);
  const auto* y = static_cast<const float*>(right);
  const float product = dot(x, y, rule.dim);
  if (!rule.growing || !rule.inserting) return -product;
  const float largest = rule.largest.load(std::memory_order_relaxed);
  return -(product + std::sqrt(std::max(0.0f, largest - x[rule.dim])) *
                         std::sqrt(std::max(0.0f, largest - y[rule.dim])));
}

class Space final : public hnswlib::SpaceInterface<float> {
 public:
  Rule rule;
  size_t get_data_size() override { return (rule.dim + 1) * sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return distance; }
  void* get_dist_func_param() override { return &rule; }
};

struct Graph {
  Space space;
  std::unique_ptr<hnswlib::HierarchicalNSW<float>> index;

  std::vector<float> with_square(const float* row) const {
    std::vector<float> longer(row, row + space.rule.dim);
    longer.push_back(dot(row, row, space.rule.dim));
    return longer;
  }
  void insert(const float* row, size_t label) {
    const std::vector<float> longer = with_square(row);
    float was = space.rule.largest;
    while (was < longer.back() && !space.rule.largest.compare_exchange_weak(was, longer.back())) {
    }
    index->addPoint(longer.data(), label);
  }
};

}  // namespace

extern "C" {

Graph* graph_new(size_t dim, int growing, size_t capacity, size_t M, size_t ef_construction) {
  auto graph = std::make_unique<Graph>();
  graph->space.rule.dim = dim;
  graph->space.rule.growing = growing != 0;
  graph->index = std::make_unique<hnswlib::HierarchicalNSW<float>>(&graph->space, capacity, M,
                                                                   ef_construction);
  return graph.release();
}

void graph_free(Graph* graph) { delete graph; }

// Row i is inserted under label i.
void graph_add(Graph* graph, const float* rows, size_t count, size_t threads) {
  graph->space.rule.inserting = true;
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i; (i = next++) < count;) graph->insert(rows + i * graph->space.rule.dim, i);
  };
  std::vector<std::thread> others;
  for (size_t i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& one : others) one.join();
}

// labels: k a query, best first, -1 where fewer were found. Returns how many distances were
// computed for all queries together.
uint64_t graph_search(Graph* graph, const float* queries, size_t count, size_t k, size_t ef,
                      int64_t* labels) {
  graph->space.rule.inserting = false;
  graph->index->setEf(ef);
  const uint64_t before = computed;
  std::fill(labels, labels + count * k, int64_t{-1});
  for (size_t i = 0; i < count; ++i) {
    const auto query = graph->with_square(queries + i * graph->space.rule.dim);
    auto found = graph->index->searchKnn(query.data(), k);
    for (size_t j = found.size(); j-- > 0; found.pop())
      labels[i * k + j] = static_cast<int64_t>(found.top().second);
  }
  return computed - before;
}

// How many elements no walk from the entry point comes to.
size_t graph_unreachable(Graph* graph) {
  auto& index = *graph->index;
  std::vector<bool> seen(index.cur_element_count);
  std::vector<hnswlib::tableint> waiting;
  const auto visit = [&](hnswlib::tableint element) {
    if (seen[element]) return;
    seen[element] = true;
    waiting.push_back(element);
  };
  visit(index.enterpoint_node_);
  while (!waiting.empty()) {
    const hnswlib::tableint element = waiting.back();
    waiting.pop_back();
    for (int level = 0; level <= index.element_levels_[element]; ++level) {
      auto* list = index.get_linklist_at_level(element, level);
      for (size_t i = 1; i <= index.getListCount(list); ++i) visit(list[i]);
    }
  }
  return static_cast<size_t>(std::count(seen.begin(), seen.end(), false));
}
}
