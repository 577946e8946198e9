// Answers questions about one index of vectors, a line each; floats are the decimal form of their bits.
//   METRIC DIM N, then N lines of numbers: the vectors; "ready"
//   all NUMBERS...          -> document:score for each
//   within BITS NUMBERS...  -> documents whose similarity is at least that
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Arrays;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.bitvectors.HnswBitVectorsFormat;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnByteVectorField;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.FloatVectorSimilarityQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnByteVectorQuery;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.util.Version;

class Lucene {
  static final int WARM = 200_000;

  static float[] floats(String[] words, int from) {
    float[] out = new float[words.length - from];
    for (int i = 0; i < out.length; i++) out[i] = Float.intBitsToFloat(Integer.parseInt(words[from + i]));
    return out;
  }

  static byte[] bytes(String[] words, int from) {
    byte[] out = new byte[words.length - from];
    for (int i = 0; i < out.length; i++) out[i] = (byte) Integer.parseInt(words[from + i]);
    return out;
  }

  public static void main(String[] args) throws Exception {
    var in = new BufferedReader(new InputStreamReader(System.in));
    System.out.println(Version.LATEST);
    String head = in.readLine();
    if (head == null) return;
    String[] words = head.split(" ");
    boolean bits = words[0].equals("HAMMING");
    var similarity = bits ? VectorSimilarityFunction.EUCLIDEAN : VectorSimilarityFunction.valueOf(words[0]);
    int n = Integer.parseInt(words[2]);
    var config = new IndexWriterConfig(new StandardAnalyzer());
    if (bits) {
      config.setCodec(new Lucene104Codec() {
        @Override public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
          return new HnswBitVectorsFormat();
        }
      });
    }
    var directory = new ByteBuffersDirectory();
    String complaint = "ready";
    try (var writer = new IndexWriter(directory, config)) {
      for (int i = 0; i < n; i++) {
        String[] numbers = in.readLine().split(" ");
        var document = new Document();
        document.add(new StoredField("i", i));
        try {
          if (bits) document.add(new KnnByteVectorField("v", bytes(numbers, 0), similarity));
          else document.add(new KnnFloatVectorField("v", floats(numbers, 0), similarity));
          writer.addDocument(document);
        } catch (IllegalArgumentException error) {
          complaint = "refused " + error.getMessage();
        }
      }
    }
    // As in a server that has run for a while: compiled code adds up in another order.
    if (!bits) {
      float[][] pair = new float[2][Integer.parseInt(words[1])];
      for (float[] side : pair) for (int i = 0; i < side.length; i++) side[i] = i % 7 + 1;
      float sum = 0;
      for (int i = 0; i < WARM; i++) sum += similarity.compare(pair[i % 2], pair[1 - i % 2]);
      if (Float.isNaN(sum)) complaint = "refused NaN";
    }
    System.out.println(complaint);
    var searcher = new IndexSearcher(DirectoryReader.open(directory));
    var everything = MatchAllDocsQuery.INSTANCE;
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      words = line.split(" ");
      try {
        Query query;
        if (words[0].equals("within")) {
          float least = Float.intBitsToFloat(Integer.parseInt(words[1]));
          query = new FloatVectorSimilarityQuery("v", floats(words, 2), least);
        } else if (bits) {
          query = new KnnByteVectorQuery("v", bytes(words, 1), n, everything);
        } else {
          query = new KnnFloatVectorQuery("v", floats(words, 1), n, everything);
        }
        var out = new StringBuilder("hits");
        for (ScoreDoc hit : searcher.search(query, n).scoreDocs) {
          out.append(' ').append(hit.doc).append(':').append(Float.floatToRawIntBits(hit.score));
        }
        System.out.println(out);
      } catch (IllegalArgumentException error) {
        System.out.println("refused " + error.getMessage());
      }
    }
  }
}
