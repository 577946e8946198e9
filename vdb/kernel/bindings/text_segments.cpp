#include "bindings/text_segments.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/python_source.h"
#include "text/segment_builder.h"
#include "text/segment_merger.h"

namespace vdb::bindings {

using namespace nb::literals;

BufferView::BufferView(nb::handle object) {
  if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_SIMPLE) != 0) throw nb::python_error();
}

BufferView::~BufferView() {
  if (view_.obj != nullptr) PyBuffer_Release(&view_);
}

BufferView::BufferView(BufferView&& other) noexcept : view_(other.view_) {
  other.view_.obj = nullptr;
}

namespace {

using Parts = nb::typed<nb::list, nb::bytes>;
using Tokens = nb::typed<nb::list, std::optional<nb::str>>;

Parts bytes_of(const std::vector<std::string>& parts) {
  Parts list;
  for (const std::string& part : parts) list.append(nb::bytes(part.data(), part.size()));
  return list;
}

Parts build(const Slots& slots, const nb::typed<nb::list, Tokens>& documents, bool positions) {
  if (documents.size() != slots.shape(0))
    throw std::invalid_argument("documents: expected one for each slot, got " +
                                std::to_string(documents.size()) + " for " +
                                std::to_string(slots.shape(0)));
  TextSegmentBuilder builder(positions);
  for (size_t i = 0; i < slots.shape(0); ++i) {
    if ((i & 1023) == 1023) handle_signals();
    const nb::object document = documents[i];
    if (!PyList_Check(document.ptr()))
      throw nb::type_error("documents: expected lists of str and None");
    builder.begin(slots.data()[i]);
    for (const nb::handle token : nb::borrow<nb::list>(document)) {
      if (token.is_none()) {
        builder.gap();
        continue;
      }
      if (!PyUnicode_Check(token.ptr()))
        throw nb::type_error("documents: expected lists of str and None");
      Py_ssize_t size;
      const char* text = PyUnicode_AsUTF8AndSize(token.ptr(), &size);
      if (text == nullptr) throw nb::python_error();
      builder.token({text, static_cast<size_t>(size)});
    }
  }
  PythonSource source{nb::handle()};
  return bytes_of(source.run([&] { return builder.finish(); }));
}

void make_segment(PythonTextSegment* self, const nb::typed<nb::sequence, nb::object>& parts,
                  std::optional<uint32_t> start, const nb::bytes& prefix) {
  std::vector<BufferView> views;
  std::vector<TextPart> bodies;
  for (const nb::handle part : parts) {
    views.emplace_back(part);
    bodies.push_back({views.back().data(), views.back().size()});
  }
  new (self) PythonTextSegment();
  self->views = std::move(views);
  self->segment = std::make_shared<TextSegment>(std::move(bodies), start,
                                                std::string(prefix.c_str(), prefix.size()));
}

Tokens tokens_of(const PythonTextSegment& self, uint32_t ordinal) {
  if (ordinal >= self.segment->documents())
    throw nb::index_error("ordinal: expected one below the number of documents");
  if (!self.segment->positions())
    throw std::invalid_argument("the segment was made without positions");
  Tokens tokens;
  for (const int64_t token : self.segment->tokens_of(ordinal)) {
    if (token == TextSegment::kGap) {
      tokens.append(nb::none());
    } else {
      const std::string term = self.segment->term(static_cast<uint32_t>(token));
      check_term(term);
      tokens.append(nb::cast(term));
    }
  }
  return tokens;
}

template <typename Number>
Output<uint32_t, 1> each_document(const TextSegment& segment, const Number& number) {
  uint32_t* data;
  auto array = make_array<uint32_t, 1>({segment.documents()}, &data);
  for (uint32_t i = 0; i < segment.documents(); ++i) data[i] = number(i);
  return array;
}

}  // namespace

void bind_text_segments(nb::module_& m) {
  nb::class_<PythonTextSegment>(
      m, "TextSegment",
      "A segment of a text field: some documents, their words, and where each word occurs. "
      "Documents are numbered (`ordinal`) by rising slot. Bytes are read, and checked, when they "
      "are first needed: every method raises CorruptedError where they are damaged.")
      .def("__init__", &make_segment, "parts"_a, "start"_a.none() = nb::none(),
           "prefix"_a = nb::bytes("", 0),
           "Over its stored parts (objects with the buffer protocol, which must not change), each "
           "with its seal: `start` is the checksum of the salt, and the key of part n is `prefix` "
           "and n as big-endian u32. Without `start`: bodies as `build_text_segment` returns them.")
      .def_prop_ro("documents", [](const PythonTextSegment& s) { return s.segment->documents(); })
      .def_prop_ro(
          "terms", [](const PythonTextSegment& s) { return s.segment->terms(); },
          "Different words.")
      .def_prop_ro(
          "postings", [](const PythonTextSegment& s) { return s.segment->postings(); },
          "Pairs of a document and a word that it has.")
      .def_prop_ro(
          "length_sum", [](const PythonTextSegment& s) { return s.segment->length_sum(); },
          "Tokens of all documents.")
      .def_prop_ro(
          "positions", [](const PythonTextSegment& s) { return s.segment->positions(); },
          "Whether tokens are kept in their order: for phrases and `tokens_of`.")
      .def(
          "slots",
          [](const PythonTextSegment& s) {
            return each_document(*s.segment, [&](uint32_t i) { return s.segment->slot(i); });
          },
          "Slot of each document, u32 (documents,), rising.")
      .def(
          "lengths",
          [](const PythonTextSegment& s) {
            return each_document(*s.segment, [&](uint32_t i) { return s.segment->length(i); });
          },
          "Tokens of each document, gaps not counted, u32 (documents,).")
      .def(
          "ordinal_of",
          [](const PythonTextSegment& s, uint32_t slot) { return s.segment->ordinal_of(slot); },
          "slot"_a, "Number of the document of a slot; None where there is none.")
      .def("tokens_of", &tokens_of, "ordinal"_a,
           "Tokens of a document in their order, list of str or None (a gap). ValueError without "
           "positions.")
      .def(
          "verify",
          [](const PythonTextSegment& s) {
            PythonSource source{nb::handle()};
            source.run([&] { verify_text_segment(*s.segment); });
          },
          "Reads everything; CorruptedError for what contradicts itself.");
  m.def("build_text_segment", &build, "slots"_a, "documents"_a, "positions"_a = true,
        "The parts (bytes of at most 65,516 each, without seals) of a segment of documents: slots "
        "u32 (n,), rising, and the tokens of each, lists of str or None (a gap, where a word was "
        "left out). A document may have no tokens. The same documents give the same bytes. "
        "ValueError for slots that do not rise, an empty token, or one of more than 32,000 bytes.");
  m.def(
      "merge_text_segments",
      [](const std::vector<std::shared_ptr<PythonTextSegment>>& segments, const Bitmaps& deleted) {
        if (nb::len(deleted) != segments.size())
          throw std::invalid_argument("deleted: expected one for each segment");
        std::vector<BufferView> views;
        views.reserve(segments.size());
        std::vector<MergedSegment> sources;
        for (size_t i = 0; i < segments.size(); ++i) {
          if (segments[i] == nullptr)
            throw nb::type_error("segments: expected TextSegment, got None");
          MergedSegment source{segments[i]->segment, {}};
          const nb::object bits = deleted[i];
          if (!bits.is_none()) {
            views.emplace_back(bits);
            source.deleted = {views.back().data(), views.back().size()};
          }
          sources.push_back(std::move(source));
        }
        PythonSource source{nb::handle()};
        return bytes_of(source.run([&] { return merge_text_segments(sources); }));
      },
      "segments"_a, "deleted"_a,
      "The parts of one segment with the documents of several, less those whose bit is set in "
      "`deleted` (bytes or None for each segment; bit o mod 8 of byte o div 8 for ordinal o). The "
      "bytes are those that `build_text_segment` gives for the documents. It has positions where "
      "all have. ValueError where a slot is in two of them.");
}

}  // namespace vdb::bindings
