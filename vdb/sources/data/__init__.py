"""Arrays, tables and texts.

`arrow_ipc`  files and streams of Arrow, folders of datasets
`flat_bins`  fbin, hbin, i8bin, u8bin: a head of two numbers, then a matrix
`hdf5`       files of ann-benchmarks and VIBE
`json_records`  JSON lines, and answers of embedding services
`keyed_vectors`  words and vectors of gensim
`npy`        arrays of numpy, .npz, and what vdb export writes beside them
`array_ids`  ids in arrays
`parquet`    Parquet files, of vdb export among them
`safetensors`  tensors behind a head in JSON
`repeated_words`  which words have come before
`word2vec`   word vectors as texts and binary
`vecs`       fvecs, ivecs, bvecs: every vector has its length before it
"""
