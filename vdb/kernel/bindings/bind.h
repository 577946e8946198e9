// The parts of the module, one function a file.
#pragma once

#include <nanobind/nanobind.h>

#include "index.h"

namespace vdb::bindings {

namespace nb = nanobind;

void bind_adjacent_rows(nb::module_& m);
void bind_arrow_export(nb::module_& m);
void bind_arrow_import(nb::module_& m);
void bind_arrow_payloads(nb::module_& m);
void bind_functions(nb::module_& m);
void bind_merge(nb::module_& m);
void bind_paging(nb::module_& m);
void bind_plain_search(nb::module_& m);
void bind_python_values(nb::module_& m);
void bind_records(nb::module_& m);
void bind_table_columns(nb::module_& m);
void bind_tables(nb::module_& m);
void bind_text_search(nb::module_& m);
void bind_text_segments(nb::module_& m);
nb::class_<Index> bind_index(nb::module_& m);
void bind_searches(nb::class_<Index>& index);
void bind_studies(nb::class_<Index>& index);
void bind_ties(nb::class_<Index>& index);
void bind_writer(nb::module_& m);

}  // namespace vdb::bindings
