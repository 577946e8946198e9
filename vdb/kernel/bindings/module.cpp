// The module _kernel. Files in this folder are the only ones that know Python: they check shapes,
// release the GIL, call the kernel and return arrays.

#include <nanobind/nanobind.h>

#include "bindings/bind.h"
#include "bindings/gil.h"
#include "runtime/errors.h"

namespace vdb::bindings {
namespace {

void translate(const std::exception_ptr& p, void*) {
  try {
    std::rethrow_exception(p);
  } catch (const Corrupted& e) {
    const nb::object type = nb::module_::import_("vdb.errors").attr("CorruptedError");
    PyErr_SetString(type.ptr(), e.what());
  }
}

}  // namespace
}  // namespace vdb::bindings

NB_MODULE(_kernel, m) {
  namespace bindings = vdb::bindings;
  m.doc() = "The compiled kernel. Import it as vdb.kernel.";
  nanobind::set_leak_warnings(false);  // objects alive at exit are the interpreter's business
  nanobind::register_exception_translator(bindings::translate);
  bindings::bind_gil(m);
  bindings::bind_adjacent_rows(m);
  bindings::bind_table_columns(m);
  bindings::bind_arrow_export(m);
  bindings::bind_arrow_import(m);
  bindings::bind_arrow_payloads(m);
  bindings::bind_functions(m);
  bindings::bind_merge(m);
  bindings::bind_paging(m);
  bindings::bind_python_values(m);
  bindings::bind_records(m);
  bindings::bind_tables(m);
  bindings::bind_text_segments(m);
  bindings::bind_text_search(m);
  auto index = bindings::bind_index(m);
  bindings::bind_searches(index);
  bindings::bind_studies(index);
  bindings::bind_ties(index);
  bindings::bind_plain_search(m);
  bindings::bind_writer(m);
}
