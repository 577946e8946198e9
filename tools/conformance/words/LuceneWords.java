// Scores of words, a line each. The first line of the answer is Lucene's version.
//   corpus K1 B FACTOR N, then N lines of words: the documents, in order
//   delete NUMBERS...   documents that go; segments are merged then
//   query CLAUSES..., with tabs between; one with spaces is a phrase, one with a star a beginning
//                    -> document:score for each hit; scores are the decimal form of their bits
import java.io.BufferedReader;
import java.io.InputStreamReader;
import org.apache.lucene.analysis.core.WhitespaceAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FieldInvertState;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.TieredMergePolicy;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.CollectionStatistics;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.PrefixQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TermStatistics;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.search.similarities.Similarity;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.util.Version;

class LuceneWords {
  // The similarity of Elasticsearch: Lucene's with a boost of 1 + k1.
  static class Boosted extends Similarity {
    final BM25Similarity inner;

    Boosted(BM25Similarity inner) {
      this.inner = inner;
    }

    @Override public long computeNorm(FieldInvertState state) {
      return inner.computeNorm(state);
    }

    @Override public SimScorer scorer(float boost, CollectionStatistics collection, TermStatistics... terms) {
      return inner.scorer(boost * (1 + inner.getK1()), collection, terms);
    }
  }

  static Query clause(String text) {
    if (text.endsWith("*")) return new PrefixQuery(new Term("body", text.substring(0, text.length() - 1)));
    return text.contains(" ") ? new PhraseQuery("body", text.split(" ")) : new TermQuery(new Term("body", text));
  }

  public static void main(String[] args) throws Exception {
    var in = new BufferedReader(new InputStreamReader(System.in));
    System.out.println(Version.LATEST);
    IndexWriter writer = null;
    IndexSearcher searcher = null;
    Similarity similarity = null;
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.startsWith("query") ? line.split("\t") : line.trim().split(" ");
      if (words[0].equals("corpus")) {
        var plain = new BM25Similarity(Float.parseFloat(words[1]), Float.parseFloat(words[2]));
        similarity = words[3].equals("1") ? new Boosted(plain) : plain;
        var config = new IndexWriterConfig(new WhitespaceAnalyzer()).setSimilarity(similarity);
        writer = new IndexWriter(new ByteBuffersDirectory(), config.setMergePolicy(new TieredMergePolicy()));
        int n = Integer.parseInt(words[4]);
        for (int i = 0; i < n; i++) {
          var document = new Document();
          document.add(new StringField("id", "" + i, Field.Store.NO));
          document.add(new StoredField("place", i));
          document.add(new TextField("body", in.readLine(), Field.Store.NO));
          writer.addDocument(document);
        }
        searcher = null;
      } else if (words[0].equals("delete")) {
        for (int i = 1; i < words.length; i++) writer.deleteDocuments(new Term("id", words[i]));
        writer.forceMerge(1);
      } else {
        if (searcher == null) {
          writer.commit();
          searcher = new IndexSearcher(DirectoryReader.open(writer));
          searcher.setSimilarity(similarity);
        }
        var query = new BooleanQuery.Builder();
        for (int i = 1; i < words.length; i++)
          query.add(clause(words[i]), BooleanClause.Occur.SHOULD);
        var out = new StringBuilder();
        for (ScoreDoc hit : searcher.search(query.build(), 10_000).scoreDocs) {
          var place = searcher.storedFields().document(hit.doc).getField("place").numericValue();
          out.append(place).append(':').append(Float.floatToIntBits(hit.score)).append(' ');
        }
        System.out.println(out.toString().trim());
      }
    }
  }
}
